// The way into every command: `node local/bootstrap.mjs COMMAND [arguments]`, which package.json's scripts call.
// It must load on a Node that is too old for everything else, in order to say so: hence no modern syntax in this file,
// and nothing is imported before the version has been looked at.

const OLDEST = [20, 19];
const version = process.versions.node.split('.').map(Number);

if (version[0] < OLDEST[0] || (version[0] === OLDEST[0] && version[1] < OLDEST[1])) {
  console.error(
    `Node ${process.versions.node} is too old: cordon needs Node ${OLDEST.join('.')} or newer; install it from https://nodejs.org and run this again.`,
  );
  process.exitCode = 3;
} else {
  void import('./setup/main.mjs').then((main) => main.run(process.argv.slice(2)));
}
