#include <dirent.h>
#include <stdio.h>

int main(int argc, char** argv) {
  DIR* folder = opendir(argc > 1 ? argv[1] : ".");
  int count = 0;
  if (!folder) return 1;
  for (struct dirent* entry; (entry = readdir(folder));) count += entry->d_name[0] != '.';
  closedir(folder);
  printf("%d\n", count);
  return 0;
}
