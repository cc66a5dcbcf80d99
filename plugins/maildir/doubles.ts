import type { MaildirContext } from './context.ts'
import { isMissing } from './disk-errors.ts'
import { formatFileName } from './message-name.ts'
import { type Located, pathOf, type Scan } from './scan.ts'

/**
 * A scan in which each base name is one file. Two files of one name are either one that was renamed during the scan,
 * or two links to one file (somebody moves with link and unlink), or somebody made a copy: the copy gets a name.
 */
export async function scanApart(
  context: MaildirContext,
  path: string,
  scan: (expected: readonly string[]) => Promise<Scan>,
  expected: readonly string[],
): Promise<Scan> {
  const first = await scan(expected)
  let renamed = false
  for (const double of first.doubles) renamed = (await partDouble(context, path, first, double)) || renamed
  return renamed ? scan(expected) : first
}

async function partDouble(
  context: MaildirContext,
  path: string,
  scan: Scan,
  double: Located,
): Promise<boolean> {
  const { files, names, log } = context
  const other = scan.messages.get(double.base)
  if (other === undefined) return false
  try {
    const [one, two] = [await files.lstat(pathOf(path, double)), await files.lstat(pathOf(path, other))]
    if (one.ino === two.ino && one.dev === two.dev) return false
    const fileName = formatFileName({ ...double, base: names() })
    await files.rename(pathOf(path, double), pathOf(path, { directory: 'cur', fileName }))
    log.warn('store-repaired', { mailbox: path, reason: 'two messages had one name', name: double.base })
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
