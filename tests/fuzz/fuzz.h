/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fuzz target is one file fuzz_NAME.c with this function, a folder corpus/NAME of inputs that tell something, and a line in
 * meson.build. It aborts when a promise of the parser's header is broken. Built twice: with driver.c as a test of every
 * build, and with -Dfuzz=true for libFuzzer.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Always 0. data is a copy of its own with nothing behind it, so that a sanitizer sees a byte read too many. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
