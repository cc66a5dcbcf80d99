import { Readable } from 'node:stream'
import { runCommandLine } from '../../core/cli/program.ts'

/** What a command line came to. */
export interface Ran {
  /** An error that was thrown is told by its code, or `usage`. */
  readonly exitCode: number | string
  readonly out: string
  readonly err: string
}

/** Runs a command line in a folder, within this process. */
export async function runCommand(folder: string, argv: readonly string[], stdin = ''): Promise<Ran> {
  let out = ''
  let err = ''
  const output = {
    stdout: (text: string) => {
      out += text
    },
    stderr: (text: string) => {
      err += text
    },
  }
  try {
    const exitCode = await runCommandLine(argv, {
      output,
      stdin: Readable.from([Buffer.from(stdin)]),
      folder,
    })
    return { exitCode, out, err }
  } catch (error) {
    const { code, name } = error as { code?: string; name: string }
    return { exitCode: code ?? (name === 'Error' ? 'usage' : name), out, err }
  }
}
