// ccxt's JavaScript build, driven line by line from standard input: {id, call, arguments},
// {id, get} or {id, set, value}; one line of JSON answers each. Run in the folder that has ccxt.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const resolve = createRequire(`${process.cwd()}/`).resolve;
const { default: ccxt } = await import(pathToFileURL(resolve("ccxt")));
const exchange = new ccxt.pro.deribit(JSON.parse(process.argv[2]));
// What ccxt's JavaScript wants of everybody whose address is ws:// and not wss://.
await exchange.loadHttpProxyAgent();

function say(message) {
    // What Python has as None is undefined here, and JSON would leave it out.
    const whole = JSON.stringify(message, (_, value) => (value === undefined ? null : value));
    process.stdout.write(`${whole}\n`);
}

async function answer(request) {
    if (request.get) return exchange[request.get];
    if (request.set) {
        exchange[request.set] = request.value;
        return null;
    }
    // What Python leaves out as None is undefined here.
    const given = request.arguments.map((item) => item ?? undefined);
    return exchange[request.call](...given);
}

for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    answer(request).then(
        (result) => say({ id: request.id, result: result ?? null }),
        (error) => say({ id: request.id, error: error.name, message: error.message }),
    );
}
process.exit(0);
