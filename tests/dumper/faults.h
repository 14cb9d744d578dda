/*
 * faults.h - the calls that faults.c can make fail.
 */
#ifndef FAULTS_H
#define FAULTS_H

enum fault_call {
	FAULT_OPEN, FAULT_CLOSE, FAULT_WRITE, FAULT_PREAD, FAULT_FSTAT, FAULT_LSTAT,
	FAULT_FTRUNCATE, FAULT_FDATASYNC, FAULT_FLOCK, FAULT_RENAME, FAULT_UNLINK, FAULT_FCHMOD,
	FAULT_MMAP, FAULT_MADVISE, FAULT_PTHREAD_CREATE,
	FAULT_CALLS,
};

#define FAULT_CALL_NAMES                                                        \
	"open", "close", "write", "pread", "fstat", "lstat", "ftruncate",       \
	"fdatasync", "flock", "rename", "unlink", "fchmod", "mmap", "madvise", \
	"pthread_create"

#endif
