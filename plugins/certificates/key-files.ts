import { readFile } from 'node:fs/promises'
import { forAllAtOnce, MailwrightError } from 'mailwright'
import { type KeyPair, makeKeyPair } from './key-pair.ts'
import type { KeyFiles } from './options.ts'

/** Reads all pairs. MAIL_E_INVALID naming the option and the file that cannot be used; MAIL_E_START with all such faults of several. */
export async function readKeyFiles(files: readonly KeyFiles[]): Promise<readonly KeyPair[]> {
  const pairs: KeyPair[] = []
  await forAllAtOnce([...files.entries()], async ([index, each]) => {
    pairs[index] = await readPair(each, index)
  })
  return pairs
}

/** Reads them again. One that cannot be used now is told, and stays as it was; the others do not wait for it. */
export function readKeyFilesAgain(
  files: readonly KeyFiles[],
  former: readonly KeyPair[],
  failed: (error: unknown) => void,
): Promise<readonly KeyPair[]> {
  const read = async (each: KeyFiles, index: number): Promise<readonly KeyPair[]> => {
    try {
      return [await readPair(each, index)]
    } catch (error) {
      failed(error)
      return former.slice(index, index + 1)
    }
  }
  return Promise.all(files.map(read)).then((pairs) => pairs.flat())
}

async function readPair({ names, key, chain }: KeyFiles, index: number): Promise<KeyPair> {
  const at = `files[${index}]`
  const pem = { key: '', chain: '' }
  await forAllAtOnce(Object.entries({ key, chain }), async ([part, path]) => {
    Object.assign(pem, { [part]: await readPem(`${at}.${part}`, path) })
  })
  try {
    return makeKeyPair(pem, names, chain)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw new MailwrightError('MAIL_E_INVALID', `${at}.${problem}; files: ${key}, ${chain}`)
  }
}

/** The paths to watch: programs that renew certificates replace the files, or links to them. */
export function pathsOf(files: readonly KeyFiles[]): readonly string[] {
  return files.flatMap(({ key, chain }) => [key, chain])
}

const readErrors: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read it',
  EISDIR: 'it is a folder',
}

async function readPem(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new MailwrightError(
      'MAIL_E_INVALID',
      `${option}: cannot read ${path}: ${readErrors[code] ?? message}`,
    )
  }
}
