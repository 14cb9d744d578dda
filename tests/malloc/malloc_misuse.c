/* malloc_misuse HOW - uses malloc wrongly, which must end the process. */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void *volatile kept[100]; /* the compiler is not to see what is done */

static void *free_one(void *p)
{
	free(p);
	return NULL;
}

static void *free_twice(void *p)
{
	free(p);
	free(p);
	return NULL;
}

static pthread_barrier_t both;

static void *free_beside_another(void *p)
{
	free(p);
	pthread_barrier_wait(&both);
	return NULL;
}

static void run_two(void *(*run)(void *), void *p)
{
	pthread_t threads[2];
	pthread_barrier_init(&both, NULL, 2);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, run, p);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

static void free_in_another_thread(void *p)
{
	pthread_t thread;
	pthread_create(&thread, NULL, free_one, p);
	pthread_join(thread, NULL);
}

/* Takes blocks until every free slot of that size was used again. */
static void use_all_again(int zeroed)
{
	for (int i = 0; i < 2000; i++)
		kept[i % 100] = zeroed ? calloc(1, 48) : malloc(48);
}

enum { LARGE_BYTES = 1 << 20 };

/* First fit by address: what is free up to there is used again. */
static void take_pages_again(void)
{
	for (int i = 0; i < 40; i++) {
		char *p = malloc(LARGE_BYTES / 3);
		memset(p, i, LARGE_BYTES / 3);
		kept[i] = p;
	}
	for (int i = 0; i < 40; i++)
		free(kept[i]);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	static int outside[8];
	for (int i = 0; i < 100; i++)
		kept[i] = malloc(48);
	if (strcmp(how, "twice") == 0) {
		free(kept[5]);
		free(kept[5]);
	} else if (strcmp(how, "twice-later") == 0) {
		for (int i = 0; i < 100; i++)
			free(kept[i]);
		free(kept[50]);
	} else if (strcmp(how, "inside") == 0) {
		free((char *)kept[5] + 16);
	} else if (strcmp(how, "outside") == 0) {
		kept[0] = &outside[2];
		free(kept[0]);
	} else if (strcmp(how, "large-twice") == 0) {
		kept[0] = malloc(1 << 20);
		kept[1] = malloc(1 << 20);
		free(kept[0]);
		free(kept[0]);
	} else if (strcmp(how, "realloc") == 0) {
		kept[0] = realloc((char *)kept[5] + 16, 1000);
	} else if (strcmp(how, "another-then-own") == 0) {
		static void *volatile all[2000]; /* so many that the slot is not the next to be taken */
		for (int i = 0; i < 2000; i++)
			all[i] = malloc(48);
		free_in_another_thread(all[5]);
		free(all[5]);
		use_all_again(0);
	} else if (strcmp(how, "own-then-another") == 0) {
		free(kept[5]);
		free_in_another_thread(kept[5]);
	} else if (strcmp(how, "another-twice") == 0) {
		pthread_t thread;
		pthread_create(&thread, NULL, free_twice, kept[5]);
		pthread_join(thread, NULL);
	} else if (strcmp(how, "two-others") == 0) {
		run_two(free_beside_another, kept[5]);
	} else if (strcmp(how, "write") == 0 || strcmp(how, "write-calloc") == 0) {
		char *volatile p = kept[5];
		free(kept[5]);
		p[8] = 1;
		use_all_again(how[5] != 0);
	} else if (strcmp(how, "write-another") == 0) {
		char *volatile p = kept[5];
		for (int i = 0; i < 100; i++) /* so many that their span is used again */
			free_in_another_thread(kept[i]);
		p[47] = 1;
		use_all_again(0);
	} else if (strcmp(how, "write-past") == 0) {
		char *volatile p = kept[5];
		free(kept[6]); /* the slots of a fresh span follow each other */
		p[48] = 1;
		use_all_again(0);
	} else if (strcmp(how, "write-all-freed") == 0) {
		char *volatile p = kept[5];
		void **all = calloc(100000, sizeof *all);
		for (int i = 0; i < 100000; i++)
			all[i] = malloc(48);
		free(kept[5]);
		p[0] = 1;
		/* The last span to become empty goes back: what the thread keeps is full. */
		for (int i = 99999; i >= 0; i--)
			free(all[i]);
		for (int i = 0; i < 100; i++)
			if (i != 5)
				free(kept[i]);
	} else if (strcmp(how, "write-large") == 0 || strcmp(how, "write-released") == 0) {
		char *volatile p = malloc(LARGE_BYTES);
		memset(p, 7, LARGE_BYTES);
		free(p);
		if (how[6] == 'r')
			malloc_trim(0);
		p[5001] = 1;
		take_pages_again();
	} else if (strcmp(how, "write-cut-off") == 0) {
		char *volatile p = malloc(LARGE_BYTES);
		char *volatile cut = realloc(p, LARGE_BYTES / 4);
		cut[LARGE_BYTES / 4 + 5001] = 1;
		take_pages_again();
	} else if (strcmp(how, "write-span-gone") == 0) {
		void **all = calloc(100000, sizeof *all);
		for (int i = 0; i < 100000; i++)
			all[i] = malloc(48);
		char *volatile p = all[50000];
		for (int i = 0; i < 100000; i++)
			free(all[i]);
		p[1] = 1;
		take_pages_again();
	} else if (strcmp(how, "write-last") == 0) {
		char *volatile p = kept[5];
		free(p);
		p[9] = 1;
	} else if (strcmp(how, "write-large-last") == 0) {
		char *volatile p = malloc(LARGE_BYTES);
		free(p);
		p[9] = 1;
	} else if (strcmp(how, "pages") == 0) { /* no misuse: the same pages are used in every way */
		char *p = malloc(LARGE_BYTES);
		memset(p, 7, LARGE_BYTES);
		free(p);
		take_pages_again();
		malloc_trim(0);
		p = calloc(1, LARGE_BYTES);
		for (int i = 0; i < LARGE_BYTES; i++)
			if (p[i])
				return 7;
		p = realloc(p, LARGE_BYTES / 4);
		p = realloc(p, LARGE_BYTES * 2);
		free(p);
		take_pages_again();
		return 0;
	} else if (strcmp(how, "fill") == 0) {
		/* No misuse: what a program finds in a block that is new, and in one that it freed. */
		unsigned char *volatile p = malloc(100), *volatile large = malloc(100000);
		if (p[0] != 0xa5 || p[99] != 0xa5 || large[0] != 0xa5 || large[99999] != 0xa5)
			return 3;
		free(p);
		if (p[0] != 0x5a || p[99] != 0x5a)
			return 4;
		p = calloc(1, 100);
		for (int i = 0; i < 100; i++)
			if (p[i])
				return 5;
		p = realloc(p, 5000);
		return p[99] == 0 && p[4999] == 0xa5 ? 0 : 6;
	} else {
		return 2;
	}
	return 0; /* the misuse went unnoticed */
}
