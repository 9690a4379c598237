/* Tries memcpy, memmove and memcmp of portable/memory.c against loops over bytes; says what differs first. */
#include <stddef.h>
#include <stdio.h>

void *memmove(void *to, const void *from, size_t length);
void *memcpy(void *restrict to, const void *restrict from, size_t length);
int memcmp(const void *left, const void *right, size_t length);
int bcmp(const void *left, const void *right, size_t length);

enum { SIZE = 3000, MIDDLE = 1000, LONG = 700 };

static unsigned char have[SIZE], want[SIZE], before[SIZE];

static void fill(unsigned char *bytes, unsigned seed)
{
	for (size_t i = 0; i < SIZE; i++) {
		seed = seed * 1103515245u + 12345u;
		bytes[i] = (unsigned char)(seed >> 16);
	}
}

/* The bytes at `to` are those at `from`, and no others have changed. */
static int copies(size_t from, size_t to, size_t length)
{
	size_t apart = from < to ? to - from : from - to;
	for (int disjoint = 0; disjoint <= (length <= apart); disjoint++) {
		for (size_t i = 0; i < SIZE; i++)
			have[i] = want[i] = before[i];
		for (size_t i = 0; i < length; i++)
			want[to + i] = before[from + i];
		void *said = disjoint ? memcpy(have + to, have + from, length) : memmove(have + to, have + from, length);
		if (said != have + to) {
			printf("copying %zu bytes answers another place\n", length);
			return 0;
		}
		for (size_t i = 0; i < SIZE; i++) {
			if (have[i] != want[i]) {
				printf("%zu bytes from %zu to %zu differ at %zu\n", length, from, to, i);
				return 0;
			}
		}
	}
	return 1;
}

static int sign(int number)
{
	return (0 < number) - (number < 0);
}

/* Two that differ first at `at`, and behind it the other way round. */
static int compares(size_t offset, size_t length, size_t at)
{
	unsigned char *left = have + offset, *right = want + MIDDLE;
	for (size_t i = 0; i < length; i++)
		left[i] = right[i] = before[i];
	/* What is behind the end says nothing. */
	left[length] = 1;
	right[length] = 2;
	int expected = 0;
	if (at < length) {
		left[at] = 0x7f;
		right[at] = 0x80;
		expected = -1;
		for (size_t i = at + 1; i < length; i++) {
			left[i] = 0xff;
			right[i] = 0;
		}
	}
	int there = sign(memcmp(left, right, length)), back = sign(memcmp(right, left, length));
	int equal = bcmp(left, right, length) == 0;
	if (there != expected || back != -expected || equal != !expected) {
		printf("%zu bytes at %zu that differ at %zu: %d and %d\n", length, offset, at, there, back);
		return 0;
	}
	return 1;
}

int main(void)
{
	static const size_t apart[] = {0, 1, 2, 7, 8, 15, 16, 17, 31, 33, 48, 63, 64, 65, 79, 96, 127, 128, 129, 200, LONG};
	size_t tried = 0;
	fill(before, 7);
	for (size_t length = 0; length <= LONG; length += length < 300 ? 1 : 37)
		for (size_t offset = 0; offset < 17; offset += length < 40 ? 1 : 3)
			for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
				size_t from = MIDDLE + offset;
				if (!copies(from, from + apart[i], length) || !copies(from, from - apart[i], length))
					return 1;
				tried += 2;
			}
	for (size_t offset = 0; offset < 17; offset++)
		for (size_t length = 0; length < 70; length++)
			for (size_t at = 0; at <= length; at++, tried++)
				if (!compares(offset, length, at))
					return 1;
	printf("%zu tried\n", tried);
	return 0;
}
