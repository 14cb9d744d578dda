/* fork_while_exiting_library.c - see fork_while_exiting.h. */
#include "fork_while_exiting.h"

#include <semaphore.h>
#include <stdlib.h>

static sem_t ending, ended;
static bool all_well;

__attribute__((constructor)) static void begin(void)
{
	sem_init(&ending, 0, 0);
	sem_init(&ended, 0, 0);
}

__attribute__((destructor)) static void end(void)
{
	sem_post(&ending);
	sem_wait(&ended);
	if (!all_well)
		abort();
}

void wait_for_the_end(void)
{
	sem_wait(&ending);
}

void let_it_end(bool well)
{
	all_well = well;
	sem_post(&ended);
}
