import { Modal, type MantineSize } from "@mantine/core";
import type { ReactNode } from "react";

import { useProofWanted } from "../api/step_up";
import { useMessages } from "../messages";
import { useHost } from "../session/Kept";

interface Props {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  size?: MantineSize;
  yOffset?: string;
  /** Whether a click beside it closes it: not where something was typed. */
  keep?: boolean;
  /** Lies over another one: then Escape is for it alone. */
  over?: boolean;
}

/** A dialog that leaves the document with the page when the window is locked. Its head is no banner of the page. */
export function Dialog({ opened, onClose, title, children, size = "md", yOffset = "8vh", keep = false, over = false }: Props) {
  const { t } = useMessages();
  const host = useHost();
  const covered = useProofWanted() && !over;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      size={size}
      yOffset={yOffset}
      zIndex={over ? 300 : 200}
      lockScroll={false}
      closeOnClickOutside={!keep}
      closeOnEscape={!covered}
      attributes={{ header: { role: "presentation" } }}
      closeButtonProps={{ "aria-label": t("app.close") }}
      {...(host === null ? {} : { portalProps: { target: host } })}
    >
      {children}
    </Modal>
  );
}
