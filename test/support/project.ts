import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectFolder } from './project-files.ts'

/** A folder outside the tree in which `mailwright` is installed, as a user of the framework has it. */
export interface TemporaryProject extends AsyncDisposable {
  readonly folder: string
  /** Writes a file of it. */
  write(name: string, text: string): Promise<string>
}

/** Makes a folder with the framework's sources installed by a link, and the given files. */
export async function temporaryProject(
  files: Readonly<Record<string, string>> = {},
): Promise<TemporaryProject> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mailwright-project-')))
  await mkdir(join(folder, 'node_modules'))
  await symlink(projectFolder, join(folder, 'node_modules/mailwright'))
  const write = async (name: string, text: string) => {
    const file = join(folder, name)
    await mkdir(join(file, '..'), { recursive: true })
    await writeFile(file, text)
    return file
  }
  await write('package.json', '{ "type": "module" }')
  for (const [name, text] of Object.entries(files)) await write(name, text)
  return { folder, write, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
