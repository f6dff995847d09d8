// An upsert as somebody would do it with DuckDB: the table is rewritten without the rows of the new keys, and with the new rows. And what compares the rows that come of it with ours.
//   node upsert.mjs '{"rewrite": {"data": [FILE...], "added": FILE, "output": FILE}}'
//   node upsert.mjs '{"compare": {"data": [FILE...], "deletes": [FILE...], "other": FILE}}'
import { createRequire } from 'node:module'
const { DuckDBInstance } = createRequire(new URL('../../tests/readers/package.json', import.meta.url))('@duckdb/node-api')
const { rewrite, compare } = JSON.parse(process.argv[2])
const connection = await (await DuckDBInstance.create(':memory:')).connect()
const list = files => `[${files.map(file => `'${file}'`).join(', ')}]`
if (rewrite) {
  // The order of rows does not matter to a table, and to keep it costs DuckDB time and memory.
  await connection.run('SET preserve_insertion_order = false')
  const [started, before] = [performance.now(), process.cpuUsage()]
  await connection.run(`COPY (SELECT d.* FROM read_parquet(${list(rewrite.data)}) d ANTI JOIN read_parquet('${rewrite.added}') n USING (id) UNION ALL SELECT * FROM read_parquet('${rewrite.added}'))
                        TO '${rewrite.output}' (FORMAT parquet, COMPRESSION snappy)`)
  const used = process.cpuUsage(before)
  console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, cpuSeconds: (used.user + used.system) / 1e6, peakKilobytes: process.resourceUsage().maxRSS }))
} else {
  // Position deletes name files by location: file:// and the path.
  const live = compare.deletes.length === 0 ? `read_parquet(${list(compare.data)})` : `(SELECT * EXCLUDE (filename, file_row_number)
      FROM read_parquet(${list(compare.data)}, filename = true, file_row_number = true) d
      ANTI JOIN read_parquet(${list(compare.deletes)}) p ON p.file_path = 'file://' || d.filename AND p.pos = d.file_row_number)`
  const sum = async rows => (await connection.runAndReadAll(`SELECT count(*)::VARCHAR || ' rows, ' || sum(hash(t)::HUGEINT)::VARCHAR FROM ${rows} t`)).getRows()[0][0]
  const [ours, other] = [await sum(live), await sum(`read_parquet('${compare.other}')`)]
  console.log(JSON.stringify({ verdict: ours === other ? 'equal' : `different: ${ours} / ${other}` }))
}
