# A toolchain for CMake: Zig's compiler from PyPI, `pip install ziglang==0.17.1`, in .venv of the project or in PATH.
# CMake does not know WASI before 4.0.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)

find_program(BOOTSTREAM_PYTHON NAMES python3 python HINTS ${CMAKE_SOURCE_DIR}/.venv/bin NO_CMAKE_FIND_ROOT_PATH REQUIRED)
set(CMAKE_C_COMPILER ${BOOTSTREAM_PYTHON} -m ziglang cc)
set(CMAKE_CXX_COMPILER ${BOOTSTREAM_PYTHON} -m ziglang c++)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
# A handler is a library without `main`, which the checks of CMake do not compile.
set(CMAKE_C_COMPILER_WORKS TRUE)
set(CMAKE_CXX_COMPILER_WORKS TRUE)
