# Writes OUT with the version and the git SHA of SOURCE_DIR; leaves the file alone when nothing changed.
execute_process(COMMAND git -C "${SOURCE_DIR}" rev-parse --short=12 HEAD
  OUTPUT_VARIABLE sha OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(sha "unknown")
endif()
file(CONFIGURE OUTPUT "${OUT}" CONTENT "#define KONTAIN_VERSION \"${VERSION}\"\n#define KONTAIN_GIT_SHA \"${sha}\"\n")
