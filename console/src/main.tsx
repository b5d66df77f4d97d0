import { MantineProvider, createTheme } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import "./style/mantine.css";
import "./style/base.css";
import "./style/pages.css";
import { ApiError } from "./api/client";
import { App } from "./app/App";
import { MessagesProvider } from "./messages";

const theme = createTheme({ primaryColor: "teal", defaultRadius: "sm", cursorType: "pointer", respectReducedMotion: true });

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 60_000, // what was seen of a patient does not stay in memory for long
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status < 500),
    },
  },
});

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    {/* no <style> elements: the content security policy forbids them, the variables come from style/mantine.css */}
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queries}>
        <MessagesProvider>
          <App />
        </MessagesProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
