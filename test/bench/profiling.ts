/** Options of Node.js: `--profile=FOLDER` has a server under measurement write a profile of its processor there. */
export function profiling(): readonly string[] {
  const folder = process.argv.find((word) => word.startsWith('--profile='))?.slice('--profile='.length)
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}
