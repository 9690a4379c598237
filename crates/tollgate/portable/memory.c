/* Copies and compares memory in the portable binary, in place of musl's: its memcpy has a string instruction that
 * takes longer to begin than most copies take, and its memcmp goes byte by byte, which cost a server an eighth of its
 * speed (docs/adr/0024). These use what every processor of their kind has, and no table of better ones.
 */
#include <stddef.h>
#include <stdint.h>

typedef uint8_t bytes16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t bytes8 __attribute__((aligned(1), may_alias));
typedef uint32_t bytes4 __attribute__((aligned(1), may_alias));
typedef uint16_t bytes2 __attribute__((aligned(1), may_alias));

#define AT(type, place) (*(type *)(place))

#if defined(__x86_64__)

/* Everything is read before anything is written, so it does not matter how the two overlap: the first and the last
 * words of a length may be the same bytes. Only what is longer than 128 bytes is copied in a loop.
 */
void *memmove(void *to, const void *from, size_t length)
{
	char *d = to;
	const char *s = from;
	char *d_end = d + length;
	const char *s_end = s + length;

	if (length <= 16) {
		if (8 <= length) {
			bytes8 first = AT(const bytes8, s), last = AT(const bytes8, s_end - 8);
			AT(bytes8, d) = first;
			AT(bytes8, d_end - 8) = last;
		} else if (4 <= length) {
			bytes4 first = AT(const bytes4, s), last = AT(const bytes4, s_end - 4);
			AT(bytes4, d) = first;
			AT(bytes4, d_end - 4) = last;
		} else if (2 <= length) {
			bytes2 first = AT(const bytes2, s), last = AT(const bytes2, s_end - 2);
			AT(bytes2, d) = first;
			AT(bytes2, d_end - 2) = last;
		} else if (length == 1) {
			*d = *s;
		}
		return to;
	}
	bytes16 head = AT(const bytes16, s), tail = AT(const bytes16, s_end - 16);
	if (length <= 32) {
		AT(bytes16, d) = head;
		AT(bytes16, d_end - 16) = tail;
		return to;
	}
	bytes16 tail_2 = AT(const bytes16, s_end - 32);
	if (length <= 64) {
		bytes16 head_2 = AT(const bytes16, s + 16);
		AT(bytes16, d) = head;
		AT(bytes16, d + 16) = head_2;
		AT(bytes16, d_end - 32) = tail_2;
		AT(bytes16, d_end - 16) = tail;
		return to;
	}
	bytes16 tail_3 = AT(const bytes16, s_end - 48), tail_4 = AT(const bytes16, s_end - 64);
	if (length <= 128) {
		bytes16 head_2 = AT(const bytes16, s + 16);
		bytes16 head_3 = AT(const bytes16, s + 32);
		bytes16 head_4 = AT(const bytes16, s + 48);
		AT(bytes16, d) = head;
		AT(bytes16, d + 16) = head_2;
		AT(bytes16, d + 32) = head_3;
		AT(bytes16, d + 48) = head_4;
		AT(bytes16, d_end - 64) = tail_4;
		AT(bytes16, d_end - 48) = tail_3;
		AT(bytes16, d_end - 32) = tail_2;
		AT(bytes16, d_end - 16) = tail;
		return to;
	}
	if (length <= (size_t)(d - s)) {
		/* Forwards, from the first aligned place of the target on. What is before it and the last 64 bytes were
		 * read already and are written last: they may lie over bytes that the loop has still to read.
		 */
		size_t skip = 16 - ((uintptr_t)d & 15);
		char *place = d + skip;
		s += skip;
		for (; place < d_end - 64; place += 64, s += 64) {
			bytes16 a = AT(const bytes16, s), b = AT(const bytes16, s + 16);
			bytes16 c = AT(const bytes16, s + 32), e = AT(const bytes16, s + 48);
			AT(bytes16, place) = a;
			AT(bytes16, place + 16) = b;
			AT(bytes16, place + 32) = c;
			AT(bytes16, place + 48) = e;
		}
		AT(bytes16, d) = head;
		AT(bytes16, d_end - 64) = tail_4;
		AT(bytes16, d_end - 48) = tail_3;
		AT(bytes16, d_end - 32) = tail_2;
		AT(bytes16, d_end - 16) = tail;
	} else {
		/* The target begins within the source: backwards, the same the other way round. */
		bytes16 head_2 = AT(const bytes16, s + 16);
		bytes16 head_3 = AT(const bytes16, s + 32);
		bytes16 head_4 = AT(const bytes16, s + 48);
		size_t skip = (uintptr_t)d_end & 15;
		char *place = d_end - skip;
		s_end -= skip;
		for (; d + 64 < place; place -= 64, s_end -= 64) {
			bytes16 a = AT(const bytes16, s_end - 16), b = AT(const bytes16, s_end - 32);
			bytes16 c = AT(const bytes16, s_end - 48), e = AT(const bytes16, s_end - 64);
			AT(bytes16, place - 16) = a;
			AT(bytes16, place - 32) = b;
			AT(bytes16, place - 48) = c;
			AT(bytes16, place - 64) = e;
		}
		AT(bytes16, d_end - 16) = tail;
		AT(bytes16, d) = head;
		AT(bytes16, d + 16) = head_2;
		AT(bytes16, d + 32) = head_3;
		AT(bytes16, d + 48) = head_4;
	}
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t length) __attribute__((alias("memmove")));

#endif

/* Which of two differing words comes first: the one whose first differing byte, the lowest of a little-endian
 * machine, is less.
 */
static int order8(uint64_t left, uint64_t right)
{
	return __builtin_bswap64(left) < __builtin_bswap64(right) ? -1 : 1;
}

int memcmp(const void *left, const void *right, size_t length)
{
	const char *l = left, *r = right;

	if (length < 4) {
		for (size_t i = 0; i < length; i++) {
			int difference = (unsigned char)l[i] - (unsigned char)r[i];
			if (difference)
				return difference;
		}
		return 0;
	}
	if (length < 8) {
		uint64_t a = (uint64_t)AT(const bytes4, l + length - 4) << 32 | AT(const bytes4, l);
		uint64_t b = (uint64_t)AT(const bytes4, r + length - 4) << 32 | AT(const bytes4, r);
		return a == b ? 0 : order8(a, b);
	}
	for (size_t i = 0; i < length - 8; i += 8) {
		uint64_t a = AT(const bytes8, l + i), b = AT(const bytes8, r + i);
		if (a != b)
			return order8(a, b);
	}
	uint64_t a = AT(const bytes8, l + length - 8), b = AT(const bytes8, r + length - 8);
	return a == b ? 0 : order8(a, b);
}

int bcmp(const void *left, const void *right, size_t length) __attribute__((alias("memcmp")));
