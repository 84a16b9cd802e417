# What the tools have in common: the package's folder, and its one system library.
# shellcheck shell=bash

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# Installs MPFR's headers where they are missing: through apt or Homebrew, with sudo unless root.
require_mpfr() {
  if pkg-config --exists mpfr 2>/dev/null || [ -e /usr/include/mpfr.h ]; then return; fi
  local elevate=()
  if [ "$(id -u)" -ne 0 ]; then elevate=(sudo); fi
  if command -v apt-get >/dev/null; then
    echo "installing libmpfr-dev through apt" >&2
    "${elevate[@]}" apt-get update -qq >&2
    "${elevate[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq libmpfr-dev pkg-config >&2
  elif command -v brew >/dev/null; then
    echo "installing mpfr through Homebrew" >&2
    brew install --quiet mpfr >&2
  else
    echo "MPFR is missing: install its development files (libmpfr-dev, mpfr-devel or mpfr)" >&2
    exit 69
  fi
}

# Installs Python with its virtual environments where they are missing, through apt.
require_python() {
  if python3 -c 'import ensurepip, venv' 2>/dev/null; then return; fi
  if ! command -v apt-get >/dev/null; then
    echo "Python is missing: install python3 with venv" >&2
    exit 69
  fi
  local elevate=()
  if [ "$(id -u)" -ne 0 ]; then elevate=(sudo); fi
  echo "installing python3-venv through apt" >&2
  "${elevate[@]}" apt-get update -qq >&2
  "${elevate[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >&2
}

require_swift() {
  if command -v swift >/dev/null; then return; fi
  echo "Swift is missing: install the 6.3 toolchain or newer from https://swift.org/install" >&2
  exit 69
}

case "${1:-}" in
  -h | --help)
    sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p;}' "$0"
    exit 0
    ;;
esac
