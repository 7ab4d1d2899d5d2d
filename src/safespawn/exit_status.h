/* SPDX-License-Identifier: MIT */
/* The exit statuses that are our own, as env(1) and timeout(1) have them. */
#ifndef SAFESPAWN_EXIT_STATUS_H
#define SAFESPAWN_EXIT_STATUS_H

#define EXIT_FINDINGS 1
#define EXIT_TIMED_OUT 124
#define EXIT_SETUP 125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

#endif
