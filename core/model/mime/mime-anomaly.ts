/**
 * What is wrong or ambiguous in a message, so that two programs may read it differently. Filters look at these; none of
 * them keeps a message from being stored.
 *
 * - `bare-cr`, `bare-lf`, `nul`: such an octet anywhere in the message.
 * - `header-truncated`: limits left a part of some header unread. `header-stray-line`: a line of a header that is no
 *   field. `header-8bit`: octets beyond ASCII in a header. `header-unended`: a header that no empty line ends.
 * - `duplicate-from`: more than one From. `duplicate-field`: another field more than once that RFC 5322 §3.6 or RFC 2045
 *   allows once. `duplicate-content-type`, `duplicate-boundary`, `duplicate-parameter`: more than one of them in a part.
 * - `bad-content-type`: one that cannot be read; the part counts as text/plain. `bad-encoding`: an unknown
 *   Content-Transfer-Encoding. `encoded-composite`: a multipart or message that claims to be encoded (RFC 2045 §6.4).
 * - `missing-boundary`: a multipart without a usable boundary, kept as a leaf. `same-boundary`: one within a multipart
 *   with the same boundary; the inner one counts. `unterminated-multipart`: a closing delimiter is missing.
 *   `delimiter-with-text`: a delimiter has more than white space behind its boundary (RFC 2046 §5.1.1).
 * - `depth`, `parts`: the limit was reached and the rest is one opaque leaf. `parameters`: more than 100 of a field.
 */
export type MimeAnomaly =
  | 'bad-content-type'
  | 'bad-encoding'
  | 'bare-cr'
  | 'bare-lf'
  | 'delimiter-with-text'
  | 'depth'
  | 'duplicate-boundary'
  | 'duplicate-content-type'
  | 'duplicate-field'
  | 'duplicate-from'
  | 'duplicate-parameter'
  | 'encoded-composite'
  | 'header-8bit'
  | 'header-stray-line'
  | 'header-truncated'
  | 'header-unended'
  | 'missing-boundary'
  | 'nul'
  | 'parameters'
  | 'parts'
  | 'same-boundary'
  | 'unterminated-multipart'
