import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { errorText, MailwrightError } from 'mailwright'

const certificateForm =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g

/** The certificates of the authorities that clients' certificates may come from, as PEM texts. MAIL_E_INVALID where the file has none, or one that is broken. */
export async function readClientAuthorities(path: string): Promise<readonly string[]> {
  const found = (await fileText(path)).match(certificateForm) ?? []
  if (found.length === 0) throw invalid(path, 'there is no certificate in PEM form in it')
  for (const text of found) {
    try {
      new X509Certificate(text)
    } catch (error) {
      throw invalid(path, errorText(error))
    }
  }
  return found
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw invalid(path, errorText(error))
  }
}

function invalid(path: string, problem: string): MailwrightError {
  return new MailwrightError('MAIL_E_INVALID', `clientCertificateAuthorities: ${path}: ${problem}`)
}
