# SPDX-License-Identifier: GPL-2.0-or-later
# The front door. `make audit` and `make check` are all a newcomer needs; Meson does the work behind.
# Debian 12; as root, or as a user who may use sudo for what needs root.

SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
BUILD_DEPS := .cache/build-deps
CHECK_DEPS := .cache/check-deps
FUZZ_SECONDS ?= 20

.DEFAULT_GOAL := build
.PHONY: build audit check soak bench fuzz format install clean

# Debian's packages, when the list changed since they were last looked at.
$(BUILD_DEPS) $(CHECK_DEPS): .cache/%-deps: packaging/install-deps
	@packaging/install-deps $*
	@mkdir -p .cache && touch $@

# Optimised, without tests; the programs are build/quaymaster, with quaymaster-tls.so, and build/quaymaster-nft.
build: $(BUILD_DEPS)
	@[ -f build/build.ninja ] || meson setup build --buildtype=release -Dtests=disabled >build.log 2>&1 \
		|| { cat build.log; rm -rf build build.log; exit 1; }
	@rm -f build.log
	@ninja -C build --quiet
	@echo "built: build/quaymaster"

# Findings, and things that cannot be seen here, are answers and no failures of make.
audit: build
	@$(SUDO) build/quaymaster audit; status=$$?; [ $$status -ne 2 ]

# Sanitizers, every test. Servers for tests are started in a throw-away root or the lab only.
check: $(CHECK_DEPS)
	@$(SUDO) env QM_LAB="$(QM_LAB)" CI="$(CI)" tests/run

# The runs that take hours: integration tests that take long, long fuzzing of every parser.
soak: $(CHECK_DEPS)
	@[ -f build-soak/build.ninja ] || meson setup build-soak --buildtype=release -Dtests=enabled -Dbpf=enabled -Dnft=enabled >/dev/null
	@ninja -C build-soak --quiet
	@$(SUDO) env QM_SOAK=1 QM_BUILD=build-soak PYTHONDONTWRITEBYTECODE=1 \
		/usr/bin/python3 -m pytest -q -p no:cacheprovider tests/integration
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=3600

fuzz: $(CHECK_DEPS)
	@[ -f build-fuzz/build.ninja ] || CC=clang meson setup build-fuzz -Dfuzz=true -Db_lundef=false \
		-Db_sanitize=address,undefined --buildtype=debugoptimized
	@ninja -C build-fuzz --quiet
	@tests/fuzz/run build-fuzz $(FUZZ_SECONDS)

bench: build $(CHECK_DEPS)
	@$(SUDO) bench/run build
	@$(SUDO) bench/scan build
	@$(SUDO) bench/scan-send build

format:
	@git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' | xargs clang-format -i

install: build
	@meson install -C build --no-rebuild

clean:
	@rm -rf build build-check build-fuzz build-soak build-valgrind .cache
