/*
 * power.h - a loss of power, as faults.c asks for it: of the present folder there is left what
 * was synced. Contents count from the last fdatasync of the file, names from that of the folder.
 *
 * What is synced is copied to the folder ../synced, which has to be there.
 */
#ifndef POWER_H
#define POWER_H

/* Whatever is in the folder is on the disk. */
void power_begin(void);

/* An fdatasync of this descriptor has returned. */
void power_synced(int fd);

/* The folder becomes what the disk has of it. */
void power_lost(void);

#endif
