/*
 * schema - the SQL files of schemas/, embedded at build (embed.cmake).
 */
#ifndef SCHEMA_H
#define SCHEMA_H

extern const char schema_tables[], schema_span[], schema_views[], schema_findings[],
    schema_schema_doc[];

enum {
	SCHEMA_APPLICATION_ID = 0x6d73706e, /* "mspn" */
	SCHEMA_VERSION_LEAKS = 2,
	SCHEMA_VERSION_INDIRECT = 4,        /* leaks split into direct and indirect ones */
	SCHEMA_VERSION = 4,                 /* user_version; 3: accounting knows the run */
};

#endif
