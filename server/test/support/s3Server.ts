// A server of the S3 API as a process: s3rver makes its continuation tokens with DES, which takes a flag of Node.
import S3rver from '@20minutes/s3rver';

const [directory = '', checksSignatures, wantedPort = '0'] = process.argv.slice(2);
const server = new S3rver({
  ...{ port: Number(wantedPort), address: '127.0.0.1', silent: true, directory },
  allowMismatchedSignatures: checksSignatures !== 'true',
  configureBuckets: [{ name: 'tribune', configs: [] }],
});
process.once('disconnect', () => process.exit());
const { port } = await server.run();
process.send?.({ port });
