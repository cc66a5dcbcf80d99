import { type ParseArgsOptionDescriptor, parseArgs } from 'node:util'

/** An option of a command of the tests, with what it means. */
export interface WordOption extends ParseArgsOptionDescriptor {
  readonly meaning: string
}

/**
 * Reads the words behind a command of the tests. `--help` is answered with all options, and what cannot be understood with one line and
 * status 2; the process ends then.
 */
export function commandWords<const Options extends Readonly<Record<string, WordOption>>>(
  usage: string,
  options: Options,
  allowPositionals = false,
) {
  if (process.argv.includes('--help')) {
    process.stdout.write(helpText(usage, options))
    process.exit(0)
  }
  try {
    return parseArgs({ allowPositionals, options })
  } catch (error) {
    const [problem = ''] = (error as Error).message.split('. ')
    process.stderr.write(`${problem}; --help tells what there is\n`)
    process.exit(2)
  }
}

function helpText(usage: string, options: Readonly<Record<string, WordOption>>): string {
  const rows = Object.entries(options).map(([name, { type, default: usual, meaning }]) => {
    const value = type === 'boolean' ? '' : `=${usual === undefined || usual === '' ? '…' : String(usual)}`
    return [`--${name}${value}`, meaning] as const
  })
  const width = Math.max(...rows.map(([name]) => name.length))
  return `${usage}\n\n${rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}\n`).join('')}`
}
