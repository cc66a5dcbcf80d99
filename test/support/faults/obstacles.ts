import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { type Account, bufferContent, errorCode, parseAddress, type Store } from 'mailwright'

/** What may be where a store wants a directory. */
export const obstacles: Readonly<Record<string, (path: string) => Promise<void>>> = {
  'a file': (path) => writeFile(path, ''),
  'a link to nothing': (path) => symlink('/nonexistent-target', path),
  'a link to a file': async (path) => {
    await writeFile(`${path}.target`, '')
    await symlink(`${path}.target`, path)
  },
  'a loop of links': (path) => symlink(path, path),
  'a folder without rights': async (path) => void (await mkdir(path)),
}

/** A message that is delivered beside them. */
export const content = bufferContent(Buffer.from('Subject: x\r\n\r\ntext\r\n'))

/** Whose id is also the local part of the address, at example.org. */
export function accountOf(name: string): Account {
  const address = parseAddress(`${name}@example.org`)
  if (address === undefined) throw new TypeError('not an address')
  return { id: name, address }
}

/** The code that some work fails with. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => 'it works',
    (error: unknown) => errorCode(error),
  )
}

export async function deliver(store: Store, account: Account): Promise<void> {
  const mailboxes = await store.open(account)
  await (await mailboxes.stage('INBOX', content)).commit()
}
