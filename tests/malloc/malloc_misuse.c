/* malloc_misuse HOW - frees something wrongly, which must end the process. */
#include <stdlib.h>
#include <string.h>

static void *volatile kept[100]; /* the compiler is not to see what is done */

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
	} else {
		return 2;
	}
	return 0; /* the misuse went unnoticed */
}
