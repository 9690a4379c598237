// A proxy on loopback that loses answers and cuts connections when it is told to.

import { once } from "node:events";
import net from "node:net";

export class FaultProxy {
  #server;
  #open = new Set();
  #loses = false;
  lost = 0;
  url = "";

  static async before(url) {
    const { hostname, port } = new URL(url);
    const proxy = new FaultProxy();
    proxy.#server = net.createServer((below) => proxy.#pass(below, net.connect(Number(port), hostname)));
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    proxy.url = `http://127.0.0.1:${proxy.#server.address().port}`;
    return proxy;
  }

  /** The next answer is read to its first bytes, so the request was done, and its connection is cut. */
  loseNextAnswer() {
    this.#loses = true;
  }

  /** Ends every connection there is. */
  cut() {
    for (const one of this.#open) one.destroy();
  }

  close() {
    this.#server.close();
    this.cut();
  }

  #pass(below, above) {
    for (const [source, sink] of [[below, above], [above, below]]) {
      this.#open.add(source);
      source.on("error", () => {});
      source.on("close", () => {
        this.#open.delete(source);
        sink.destroy();
      });
    }
    below.on("data", (part) => above.write(part));
    above.on("data", (part) => {
      if (!this.#loses) return below.write(part);
      this.#loses = false;
      this.lost += 1;
      return below.destroy();
    });
  }
}
