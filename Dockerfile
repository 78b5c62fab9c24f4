# One image for every process of the production shape; docker-compose.yml says which one a container runs.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: the build needs none of them.
RUN npm ci --ignore-scripts
COPY . .
# Left out of the image: the tools, the embedded PostgreSQL (optional), and Prisma's CLI with TypeScript (peers of the
# client that it does not need at run time).
RUN npm run build \
 && npm prune --omit=dev --omit=optional --omit=peer --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/prisma/migrations ./prisma/migrations
USER node
EXPOSE 3000
# Drains on SIGTERM for up to 15 s: stop it with a longer grace period than that.
STOPSIGNAL SIGTERM
CMD ["node", "dist/apps/api/main.js"]
