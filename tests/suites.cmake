# What CTest runs besides the Catch2 programs: lints, scripts, and suites against the built gateway.
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)

# durward_suite(NAME LABELS L... TIMEOUT SECONDS COMMAND ...): a suite that needs the gateway gets its path as DURWARD.
function(durward_suite name)
  cmake_parse_arguments(PARSE_ARGV 1 suite "ALONE" "TIMEOUT;FOLDER" "LABELS;COMMAND;ENVIRONMENT")
  add_test(NAME ${name} COMMAND ${suite_COMMAND} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/${suite_FOLDER})
  set_tests_properties(${name} PROPERTIES LABELS "${suite_LABELS}" TIMEOUT ${suite_TIMEOUT} RUN_SERIAL "${suite_ALONE}")
  if(suite_ENVIRONMENT)
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "${suite_ENVIRONMENT}")
  endif()
endfunction()

foreach(lint layers coroutines secrets format promises)
  durward_suite("lint: ${lint}" LABELS fast lint TIMEOUT 60
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/lint/${lint})
endforeach()
durward_suite("lint: every lint can fail" LABELS fast lint TIMEOUT 120
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/lint/lints_test.py)

# The long form: --pairs 1000000.
durward_suite("policy: the rulebook decides as a naive evaluator does" LABELS fast TIMEOUT 300
  COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/policy/differential $<TARGET_FILE:policy_lines> --pairs 5000)

if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/run.sh)
  durward_suite("compile_fail: forged proofs do not compile" LABELS fast TIMEOUT 300
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/run.sh ENVIRONMENT CXX=${CMAKE_CXX_COMPILER})
endif()
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/audit/independent_verifier_test.py)
  durward_suite("audit: the independent verifier" LABELS fast TIMEOUT 300
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/audit/independent_verifier_test.py)
endif()

if(DURWARD_BINARY)
  set(gateway DURWARD=$<TARGET_FILE:durward>)
  # Node 22 comes with the npm packages (tests/run installs them): Debian's own is too old for the conformance suite.
  set(node ${CMAKE_CURRENT_SOURCE_DIR}/interop/node_modules/.bin/node)
  if(EXISTS ${node})
    file(GLOB suites RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/interop CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/interop/*.test.mjs)
    foreach(suite ${suites})
      string(REPLACE ".test.mjs" "" title ${suite})
      durward_suite("interop: ${title}" ALONE LABELS interop TIMEOUT 300 FOLDER tests/interop ENVIRONMENT ${gateway}
        COMMAND ${node} --test --test-reporter=spec ${suite})
    endforeach()
    # Where tracing is not permitted most of it is left out, which it says in one line; shown as skipped unless the rest fails.
    set_tests_properties("interop: peers" PROPERTIES SKIP_REGULAR_EXPRESSION "skipped: strace is not installed or not permitted.*fail 0[^0-9]")
    # What needs third-party material or a program of another package: skipped where that is absent, unless the rest fails.
    set_tests_properties("interop: strict" PROPERTIES SKIP_REGULAR_EXPRESSION "DURWARD_CORPORA is not set.*fail 0[^0-9]")
    set_tests_properties("interop: metrics" PROPERTIES SKIP_REGULAR_EXPRESSION "(promtool|prometheus) is not installed.*fail 0[^0-9]")
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/interop/conformance.mjs)
      durward_suite("interop: conformance" ALONE LABELS interop TIMEOUT 900 FOLDER tests/interop ENVIRONMENT ${gateway}
        COMMAND ${node} conformance.mjs)
    endif()
  else()
    message(STATUS "No npm packages in tests/interop: its suites are left out (tests/run installs them)")
  endif()
  if(EXISTS ${node})
    # The long form: `tests/crash/run` (200 kills), `RELOADS=1000` for interop: reload.
    durward_suite("crash: every answer is on record after kill -9" ALONE LABELS crash TIMEOUT 400 ENVIRONMENT ${gateway}
      COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/crash/run --kills 20 --seed 1)
    foreach(class side_effects reads)
      durward_suite("crash: a weaker durability of ${class} is found out" ALONE LABELS crash TIMEOUT 200 ENVIRONMENT ${gateway}
        COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/crash/run --kills 5 --seed 1 --weaken ${class})
    endforeach()
  endif()
  durward_suite("bench: it works, and its checks can fail" LABELS bench TIMEOUT 240
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/bench/run --smoke
      --durward $<TARGET_FILE:durward> --programs $<TARGET_FILE_DIR:bench_load>)
  durward_suite("slow: a thousand slow sockets of each kind are cut off, and honest calls succeed" ALONE LABELS interop TIMEOUT 300
    COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/slow/run --check $<TARGET_FILE:durward>)
  durward_suite("demo: deploy/run --once" ALONE LABELS demo TIMEOUT 120 ENVIRONMENT ${gateway}
    COMMAND ${PROJECT_SOURCE_DIR}/deploy/run --once)
endif()

# Fuzz targets, one per format that strangers write. In every build their seeds and past crashes run as tests; with DURWARD_FUZZ
# libFuzzer drives them (tests/fuzz/run).
if(DURWARD_BINARY)
  set(fuzzed durward_gateway)
else()
  # The parsers of gateway/ that need no Asio, which keeps the fuzz build short.
  set(fuzzed fuzz_parsers)
  set(parsers envelope head http incoming lists message origin secret_echo session_id splice sse strict token_answer trace vocabulary)
  list(TRANSFORM parsers PREPEND ${PROJECT_SOURCE_DIR}/gateway/)
  list(TRANSFORM parsers APPEND .cpp)
  add_library(fuzz_parsers STATIC ${parsers})
  target_link_libraries(fuzz_parsers PUBLIC durward_audit)
endif()
add_library(fuzz_replay OBJECT fuzz/replay.cpp)
target_link_libraries(fuzz_replay PUBLIC durward_flags)
add_custom_target(fuzzers)
file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/fuzz_*.cpp)
foreach(source ${fuzzers})
  get_filename_component(fuzzer ${source} NAME_WE)
  string(REPLACE "fuzz_" "" title ${fuzzer})
  add_library(${fuzzer}_target OBJECT ${source})
  target_link_libraries(${fuzzer}_target PUBLIC ${fuzzed} simdjson::simdjson)
  target_compile_definitions(${fuzzer}_target PRIVATE DURWARD_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_executable(replay_${title})
  target_link_libraries(replay_${title} PRIVATE ${fuzzer}_target fuzz_replay)
  durward_suite("fuzz: ${title}, seeds and past crashes" LABELS fast TIMEOUT 120
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/replay $<TARGET_FILE:replay_${title}> ${title})
  if(DURWARD_FUZZ)
    add_executable(${fuzzer})
    target_link_libraries(${fuzzer} PRIVATE ${fuzzer}_target)
    target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${fuzzer})
  endif()
endforeach()
