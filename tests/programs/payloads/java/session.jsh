int twice(int n) { return 2 * n; }
System.out.println(twice(21));
record Point(int x, int y) {}
System.out.println(new Point(1, 2));
System.out.println(java.util.stream.IntStream.range(0, 1000).parallel().sum());
int broken = "text";
throw new IllegalStateException("seen");
System.out.println("the session ended");
/exit
