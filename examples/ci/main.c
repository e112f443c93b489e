/* The program of the workflow's repository. */
#include <stdio.h>

int main(void) { puts("built, checked and run by a CI"); }
