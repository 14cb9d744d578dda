/*
 * interpose.h - the C library's own functions behind the ones that this library wraps.
 */
#ifndef INTERPOSE_H
#define INTERPOSE_H

#include <pthread.h>
#include <signal.h>

int libc_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*start)(void *),
                        void *arg);
int libc_pthread_sigmask(int how, const sigset_t *set, sigset_t *former);

#endif
