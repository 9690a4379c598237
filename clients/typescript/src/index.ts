// The client of Tollgate. `Client` speaks to the API, `webhooks.verify` reads what an endpoint is sent.

export { Answer, Client, type ClientOptions, type Fetch } from "./client.js";
export type { Code } from "./codes.js";
export { Download } from "./download.js";
export {
  ApiError,
  ConnectionFailed,
  isRefusal,
  type Place,
  type Problem,
  TollgateError,
  UnexpectedAnswer,
} from "./errors.js";
export type * as models from "./models.js";
export type { Notice } from "./notice.js";
export type { Call, CallOptions, KeyedOptions, Operation, VersionOptions } from "./operation.js";
export * as operations from "./operations.js";
export { type Page, Pages } from "./pages.js";
export type { Clock, Retries } from "./retry.js";
export { Stream, type StreamOptions, type Topic } from "./stream.js";
export { VERSION } from "./version.js";
export * as webhooks from "./webhooks.js";
export { WebhookRefused, type WebhookReason } from "./webhooks.js";
