/*
 * Where userfaultfd is not permitted, as in many containers, marking stops the program, and
 * whoever records it is told why.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "cycle.h"
#include "memspan.h"
#include "recorder.h"

static void refuse_userfaultfd(void)
{
	struct sock_filter rules[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_userfaultfd, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof rules / sizeof *rules, rules};
	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

int main(void)
{
	static void **list;
	const char *why = NULL;
	refuse_userfaultfd();
	cycle_beside_bytes_min = 0;
	check(recorder_tracking_mode(&why) == RECORDER_STOPPED);
	check(why && strstr(why, "userfaultfd"));
	for (int i = 0; i < 100000; i++) {
		void **link = memspan_alloc(64);
		*link = list;
		list = link;
	}
	memspan_gc();
	int length = 0;
	for (void **link = list; link; link = *link)
		length++;
	check(length == 100000);
	check(cycle_figures.numgc > 0);
	return 0;
}
