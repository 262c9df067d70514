package org.openhealthexchange.hapi;

import ca.uhn.fhir.rest.server.RestfulServer;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/** Serves {@code http://127.0.0.1:<port>/fhir} until its standard input ends. */
public final class R5Server {

  private R5Server() {}

  /**
   * @param args the port
   */
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    try (var context = new AnnotationConfigApplicationContext(R5Config.class)) {
      var handler = new ServletContextHandler();
      handler.addServlet(new ServletHolder(context.getBean(RestfulServer.class)), "/fhir/*");
      var jetty = new Server(new InetSocketAddress("127.0.0.1", port));
      jetty.setHandler(handler);
      jetty.start();
      System.out.println("Serving http://127.0.0.1:" + port + "/fhir");
      // The pipe closes even when the process that started this one is killed: no server is left over.
      System.in.transferTo(OutputStream.nullOutputStream());
      jetty.stop();
    }
    System.exit(0); // some of HAPI's thread pools are no daemons
  }
}
