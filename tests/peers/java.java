// SPDX-License-Identifier: MIT
// Java: ProcessBuilder.start() and Process.waitFor(). CHILD COUNT

class Peer {
	public static void main(String[] arguments) throws Exception {
		StringBuilder lines = new StringBuilder();

		for (int i = Integer.parseInt(arguments[1]); i > 0; i--) {
			long start = System.nanoTime();
			Process process = new ProcessBuilder(arguments[0]).inheritIO().start();
			long returned = System.nanoTime();

			if (process.waitFor() != 0)
				throw new Exception("the child: exit status " + process.exitValue());
			lines.append(returned - start).append(' ').append(System.nanoTime() - start).append('\n');
		}
		System.out.print(lines);
	}
}
