/**
 * One question through one address, for whose answer it waits as long as it takes: most clients set no limit. Prints
 * `asked`, then `answered` or the error.
 *
 *   PGPASSWORD=… node asker.ts HOST DATABASE USER CA_FILE SQL
 */
import { connected } from './connected.ts'

const [host = '', database = '', user = '', ca = '', text = ''] = process.argv.slice(2)
const client = await connected({ host, database, user, ca })
console.log('asked')
const answer = await client.query(text).then(
  () => 'answered',
  (error: Error) => error.message,
)
console.log(answer)
process.exit(0)
