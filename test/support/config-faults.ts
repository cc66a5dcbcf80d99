import { ConfigError } from 'mailwright'

/** What a plugin finds wrong in its options, each as `path: problem`; nothing where they are good. */
export function faultsOf(parse: (input: unknown) => unknown, input: unknown): readonly string[] {
  return faultsIn(parse, input).map(({ path, problem }) => `${path}: ${problem}`)
}

/** The same, the paths only. */
export function faultPathsOf(parse: (input: unknown) => unknown, input: unknown): readonly string[] {
  return faultsIn(parse, input).map(({ path }) => path)
}

function faultsIn(parse: (input: unknown) => unknown, input: unknown): ConfigError['faults'] {
  try {
    parse(input)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}
