# A toolchain for CMake: Zig's compiler from PyPI, `pip install ziglang==0.17.1`, in .venv of the project or in PATH.
set(CMAKE_SYSTEM_NAME WASI)
set(CMAKE_SYSTEM_PROCESSOR wasm32)

find_program(BOOTSTREAM_PYTHON NAMES python3 python HINTS ${CMAKE_SOURCE_DIR}/.venv/bin NO_CMAKE_FIND_ROOT_PATH REQUIRED)
set(CMAKE_C_COMPILER ${BOOTSTREAM_PYTHON} -m ziglang cc)
set(CMAKE_CXX_COMPILER ${BOOTSTREAM_PYTHON} -m ziglang c++)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_AR ${BOOTSTREAM_PYTHON})
set(CMAKE_RANLIB :)
