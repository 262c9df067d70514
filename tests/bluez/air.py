"""The air: Bumble's radio between the computer's adapter, on /dev/vhci, and virtual devices.

What Bumble's controllers leave out and a real adapter has is added here: public addresses on the
link, scan responses, and the filter for advertisements already reported.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport
from bumble.link import LocalLink
from bumble.transport import open_transport

ADAPTER_ADDRESS = "02:00:00:00:00:01"
_Event = hci.HCI_LE_Advertising_Report_Event


class Air(LocalLink):
    """A link that knows a sender by the address its connection uses, public or random."""

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: PhysicalTransport,
        data: bytes,
    ) -> None:
        """Hand data of one controller on to the other end of its connection."""
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection is not None and receiver is not None:
            receiver.on_link_acl_data(connection.self_address, transport, data)

    def scan_response(self, advertiser: hci.Address) -> bytes:
        """Return what an advertiser answers a scanner that asks for more."""
        controller = self.find_le_controller(advertiser)
        return b"" if controller is None else controller.le_legacy_advertiser.scan_response_data


class Radio(Controller):
    """A controller without extended advertising and link-layer privacy, as many are.

    From one that claims them the kernel waits for an enhanced connection event, which Bumble does
    not send, and Bumble forgets whether an extended scan is an active one.
    """

    le_features = Controller.le_features & ~(
        hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
    )
    supported_commands = Controller.supported_commands - {
        hci.HCI_LE_SET_EXTENDED_SCAN_PARAMETERS_COMMAND,
        hci.HCI_LE_SET_EXTENDED_SCAN_ENABLE_COMMAND,
        hci.HCI_LE_EXTENDED_CREATE_CONNECTION_COMMAND,
    }

    def on_hci_disconnect_command(self, command: hci.HCI_Disconnect_Command) -> None:
        """End a link for the reason a host expects, and refuse to end one that is none.

        Bumble tells the host its own reason as the other end's, and leaves a host that asks for a
        link already gone waiting: the kernel then counts the connection down twice.
        """
        connection = self.find_le_connection_by_handle(command.connection_handle)
        if connection is None:
            missing = hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR
            self._send_hci_command_status(missing, command.op_code)
            return
        self._send_hci_command_status(hci.HCI_COMMAND_STATUS_PENDING, command.op_code)
        self._end(connection, command.reason)

    def on_le_long_term_key_reply(
        self, connection: Connection, request: ll.EncReq, long_term_key: bytes | None
    ) -> None:
        """Encrypt, or hang up where the host has lost its key, as devices do.

        Rejecting the encryption and keeping the link would be as lawful.
        """
        if long_term_key is None:
            self._end(connection, hci.HCI_ErrorCode.PIN_OR_KEY_MISSING_ERROR)
        else:
            super().on_le_long_term_key_reply(connection, request, long_term_key)

    def _end(self, connection: Connection, reason: int) -> None:
        connection.send_ll_control_pdu(ll.TerminateInd(reason))
        self.on_le_disconnected(
            connection, hci.HCI_ErrorCode.CONNECTION_TERMINATED_BY_LOCAL_HOST_ERROR
        )


class Adapter(Radio):
    """The computer's adapter."""

    link: Air

    def __init__(self, *, host_source: object, host_sink: object, link: Air) -> None:
        super().__init__("adapter", host_source, host_sink, link, ADAPTER_ADDRESS)
        self._reported: set[tuple[bytes, bytes, bytes]] = set()

    def on_hci_le_set_scan_enable_command(
        self, command: hci.HCI_LE_Set_Scan_Enable_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Begin or end a scan; a new one reports everything anew."""
        self._reported.clear()
        return super().on_hci_le_set_scan_enable_command(command)

    def on_hci_le_create_connection_cancel_command(
        self, command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Give up connecting; the host is told by the event that ends every attempt."""
        given_up, self.pending_le_connection = self.pending_le_connection, None
        if given_up is not None:
            self.send_hci_packet(
                hci.HCI_LE_Connection_Complete_Event(
                    status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                    connection_handle=0,
                    role=hci.Role.CENTRAL,
                    peer_address_type=given_up.peer_address.address_type,
                    peer_address=given_up.peer_address,
                    connection_interval=0,
                    peripheral_latency=0,
                    supervision_timeout=0,
                    central_clock_accuracy=0,
                )
            )
        return super().on_hci_le_create_connection_cancel_command(command)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        """Report an advertisement and its scan response; connect if that was waited for."""
        response = self.link.scan_response(pdu.advertiser_address)
        said = (bytes(pdu.advertiser_address), pdu.data, response)
        if self.le_scan_enable and not (self.filter_duplicates and said in self._reported):
            self._reported.add(said)
            self._report(_Event.EventType.ADV_IND, pdu.advertiser_address, pdu.data)
            if self.le_scan_type == hci.HCI_LE_Set_Scan_Parameters_Command.ACTIVE_SCANNING:
                self._report(_Event.EventType.SCAN_RSP, pdu.advertiser_address, response)
        waited_for = self.pending_le_connection
        if waited_for is not None and waited_for.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def _report(self, kind: int, advertiser: hci.Address, data: bytes) -> None:
        report = _Event.Report(
            event_type=kind,
            address_type=advertiser.address_type,
            address=advertiser,
            data=data,
            rssi=-50,
        )
        self.send_hci_packet(_Event([report]))


@asynccontextmanager
async def adapter_plugged_in() -> AsyncIterator[Air]:
    """Have an adapter in the computer while the block lasts."""
    air = Air()
    async with await open_transport("vhci") as usb:
        Adapter(host_source=usb.source, host_sink=usb.sink, link=air)
        yield air
