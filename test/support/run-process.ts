import { spawn } from 'node:child_process'
import { dirname } from 'node:path'

/** What a process left behind. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly folder: string
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  /** Milliseconds after which the process is ended: a peer that hangs fails its own test, by name. */
  readonly limit?: number
}

/** Runs a program to its end. The Node.js that runs the tests comes first in its PATH. */
export function runProcess(
  program: string,
  words: readonly string[],
  { folder, stdin = '', env = {}, limit = 110_000 }: RunOptions,
): Promise<Finished> {
  const child = spawn(program, words, { cwd: folder, env: environment(env), timeout: limit })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // A program may end without reading what it is given.
  child.stdin.on('error', () => undefined)
  child.stdin.end(stdin)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** This process's environment with its own Node.js first in PATH, and without what a test runner put into it. */
export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, PATH = '', ...rest } = process.env
  const kept = Object.entries(rest).filter(([name]) => !ofTheRunner.test(name))
  return { ...Object.fromEntries(kept), PATH: `${dirname(process.execPath)}:${PATH}`, ...more }
}

// What vitest and `npm test` tell their children; npm would take the project for the folder to install into.
const ofTheRunner = /^(VITEST|npm_(package|lifecycle|config_local_prefix))/
