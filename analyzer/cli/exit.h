/* exit - what memanalyze's exit status says (man page, EXIT STATUS), and how it complains. */
#ifndef EXIT_H
#define EXIT_H

enum exit_status {
	EXIT_FINE = 0,
	EXIT_THRESHOLD = 1,  /* a check's limit is broken */
	EXIT_USAGE = 2,      /* usage or SQL error, a refused statement, a timeout */
	EXIT_INPUT = 3,      /* unreadable or unsupported input, or no valid snapshot in it */
	EXIT_DAMAGE = 4,     /* damage in the middle: results are partial */
	/* Of record, as env(1) does; it exits otherwise as the program did. */
	EXIT_RECORD_FAILED = 125,
	EXIT_NOT_RUNNABLE = 126,
	EXIT_NOT_FOUND = 127,
};

/* "memanalyze: " and the line on stderr. The first returns the status, for `return complain(...)`. */
int complain(enum exit_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
