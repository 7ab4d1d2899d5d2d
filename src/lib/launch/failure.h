/* SPDX-License-Identifier: MIT */
#ifndef LIB_FAILURE_H
#define LIB_FAILURE_H

#include "flight.h"

/* The error of a flight that failed: fills launch->ret_error, the result is a negative errno. */
int spu__flight_error(const struct launch *launch, const struct flight *flight);

#endif
