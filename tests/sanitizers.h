/* SPDX-License-Identifier: MIT */
/* Which sanitizer this is compiled with, as gcc or as clang tells it: 0 or 1. */
#ifndef SANITIZERS_H
#define SANITIZERS_H

#if defined(__has_feature)
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define ADDRESS_SANITIZER 1
#else
#define ADDRESS_SANITIZER 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define THREAD_SANITIZER 1
#else
#define THREAD_SANITIZER 0
#endif
#define IS_SANITIZED (ADDRESS_SANITIZER || THREAD_SANITIZER)

#endif
