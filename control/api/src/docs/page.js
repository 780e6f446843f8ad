// Shows openapi.json: every route with who may use it, what it takes and what it answers.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];

// Texts go in as texts: nothing of the description is ever HTML.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function resolved(api, schema) {
  const name = schema && schema.$ref && schema.$ref.split("/").pop();
  return name ? api.components.schemas[name] : schema;
}

// An object that may be null is written as one of the object and null.
function alternatives(schema) {
  return ((schema && (schema.oneOf || schema.anyOf)) || []).filter((one) => one.type !== "null");
}

function typeName(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const others = alternatives(schema);
  if (others.length) return others.map(typeName).join(" or ") + (others.length < (schema.oneOf || schema.anyOf).length ? " or null" : "");
  const types = [].concat(schema.type || "any");
  return types.map((type) => (type === "array" ? "list of " + typeName(schema.items) : type)).join(" or ");
}

function rules(schema) {
  const words = [];
  if (schema.enum) words.push("one of " + schema.enum.join(", "));
  if (schema.pattern) words.push("matches " + schema.pattern);
  for (const [key, word] of [["minimum", "at least"], ["maximum", "at most"], ["default", "default"]]) {
    if (schema[key] !== undefined) words.push(word + " " + schema[key]);
  }
  if (schema.minLength !== undefined) words.push("at least " + schema.minLength + " characters");
  if (schema.maxLength !== undefined) words.push("at most " + schema.maxLength + " characters");
  if (schema.maxItems !== undefined) words.push("at most " + schema.maxItems + " items");
  return words.length ? " (" + words.join(", ") + ")" : "";
}

// A text with what stands in backticks as code.
function prose(text) {
  return (text || "").split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));
}

function row(name, schema, description, required) {
  const label = element("td", {}, element("code", required ? { class: "must" } : {}, name));
  return element("tr", {}, label, element("td", {}, typeName(schema)), element("td", {}, ...prose(description), rules(schema || {})));
}

function fields(api, schema) {
  const object = resolved(api, alternatives(schema)[0] || schema);
  const table = element("table");
  for (const [name, property] of Object.entries((object && object.properties) || {})) {
    table.append(row(name, property, property.description, (object.required || []).includes(name)));
  }
  return table.children.length ? table : null;
}

function sample(api, schema, depth = 0) {
  const object = resolved(api, alternatives(schema)[0] || schema);
  if (!object) return null;
  if (object.example !== undefined) return object.example;
  const type = [].concat(object.type || [])[0];
  if (type === "object" && depth < 3) {
    const names = object.required && object.required.length ? object.required : Object.keys(object.properties || {}).slice(0, 3);
    return Object.fromEntries(names.map((name) => [name, sample(api, object.properties[name], depth + 1)]));
  }
  return { string: "...", integer: object.minimum || 1, number: 1, boolean: true, array: [] }[type] ?? null;
}

function curl(api, path, method, operation, body) {
  const parts = ["curl"];
  if (method !== "get") parts.push("-X " + method.toUpperCase());
  if ((operation.security || []).some((one) => one.bearer)) parts.push('-H "Authorization: Bearer $TOKEN"');
  if (body) parts.push("-H 'Content-Type: application/json' -d '" + JSON.stringify(sample(api, body)) + "'");
  return parts.concat(location.origin + path).join(" ");
}

function show(api, path, method, operation) {
  const id = (method + path).replace(/[^a-z0-9]+/gi, "-");
  const section = element("section", { id });
  section.append(element("h3", {}, element("span", { class: "method " + method }, method.toUpperCase()), " ", path));
  section.append(element("p", {}, element("strong", {}, operation.summary || ""), " ", ...prose(operation.description)));
  section.append(element("p", { class: "who" }, "Who may: " + operation["x-access"]));
  if ((operation.parameters || []).length) {
    const table = element("table");
    for (const one of operation.parameters) table.append(row(one.name, one.schema, one.description, one.required));
    section.append(element("h4", {}, "Parameters"), table);
  }
  const body = operation.requestBody && operation.requestBody.content["application/json"].schema;
  if (body) section.append(element("h4", {}, "Body (JSON)"), fields(api, body) || "");
  section.append(element("h4", {}, "Try it"), element("pre", {}, curl(api, path, method, operation, body)));
  section.append(element("h4", {}, "Answers"));
  const answers = element("table");
  for (const [status, answer] of Object.entries(operation.responses)) {
    const schema = Object.values(answer.content || {})[0];
    answers.append(row(status, schema && schema.schema, answer.description, false));
  }
  section.append(answers);
  const good = Object.entries(operation.responses).find(([status]) => status.startsWith("2"));
  const schema = good && Object.values(good[1].content || {})[0];
  const table = schema && fields(api, schema.schema);
  if (table) section.append(element("h4", {}, "Fields of " + typeName(schema.schema)), table);
  return section;
}

async function start() {
  const main = document.getElementById("main");
  const contents = document.getElementById("contents");
  let api;
  try {
    api = await (await fetch("openapi.json")).json();
  } catch (error) {
    main.textContent = "openapi.json cannot be read: " + error;
    return;
  }
  document.getElementById("version").textContent = api.info.version;
  for (const paragraph of api.info.description.split("\n\n")) main.append(element("p", {}, ...prose(paragraph)));
  const routes = [];
  for (const tag of api.tags) {
    contents.append(element("h2", { title: tag.description }, tag.name));
    for (const [path, methods] of Object.entries(api.paths)) {
      for (const method of METHODS.filter((one) => methods[one] && methods[one].tags.includes(tag.name))) {
        const section = show(api, path, method, methods[method]);
        const link = element("a", { href: "#" + section.id }, element("span", { class: "method " + method }, method.toUpperCase()), path);
        contents.append(link);
        main.append(section);
        routes.push({ section, link, text: (method + " " + path + " " + methods[method].summary).toLowerCase() });
      }
    }
  }
  document.getElementById("search").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const { section, link, text } of routes) section.hidden = link.hidden = !text.includes(wanted);
  });
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

start();
