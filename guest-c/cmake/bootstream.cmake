# add_bootstream_handler(NAME SOURCES...): compiles a handler and the package to the core module NAME.core.wasm.
set(BOOTSTREAM_DIR ${CMAKE_CURRENT_LIST_DIR}/..)

function(add_bootstream_handler name)
    file(GLOB package CONFIGURE_DEPENDS ${BOOTSTREAM_DIR}/src/*.c)
    # The program is a library that is called more than once, with a stack of 1 MiB.
    add_executable(${name} ${ARGN} ${package})
    set_target_properties(${name} PROPERTIES OUTPUT_NAME ${name}.core SUFFIX .wasm C_STANDARD 17 C_EXTENSIONS ON)
    target_include_directories(${name} PRIVATE ${BOOTSTREAM_DIR}/include)
    target_compile_options(${name} PRIVATE -Os -g)
    target_link_options(${name} PRIVATE -mexec-model=reactor LINKER:-z,stack-size=1048576)
endfunction()
