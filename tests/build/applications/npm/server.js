const os = require("os");
const express = require("express");
const { nanoid } = require("nanoid");

const application = express();
application.get("/", (request, response) => {
  response.json({ id: nanoid(), node: process.versions.node, kernel: os.release() });
});
application.listen(8080);
process.on("SIGTERM", () => process.exit(0));
