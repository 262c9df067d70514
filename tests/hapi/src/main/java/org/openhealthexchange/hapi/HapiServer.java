package org.openhealthexchange.hapi;

import ca.uhn.fhir.rest.server.RestfulServer;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * Serves {@code http://127.0.0.1:<port>/r5/fhir} and {@code /r4/fhir} until its standard input
 * ends.
 */
public final class HapiServer {

  private static final Map<String, Class<?>> VERSIONS =
      Map.of("r5", R5Config.class, "r4", R4Config.class);

  private HapiServer() {}

  /**
   * @param args the port
   */
  public static void main(String[] args) {
    int status = 1;
    try {
      serve(Integer.parseInt(args[0]));
      status = 0;
    } catch (Exception failure) {
      failure.printStackTrace();
    }
    System.exit(status); // some of HAPI's thread pools are no daemons
  }

  private static void serve(int port) throws Exception {
    var handler = new ServletContextHandler();
    // Side by side: what they wait for is mostly the reading of FHIR's own definitions.
    var starting =
        VERSIONS.entrySet().stream()
            .map(
                version ->
                    CompletableFuture.runAsync(
                        () -> add(handler, version.getKey(), version.getValue())))
            .toArray(CompletableFuture<?>[]::new);
    CompletableFuture.allOf(starting).join();
    var jetty = new Server(new InetSocketAddress("127.0.0.1", port));
    jetty.setHandler(handler);
    jetty.start();
    System.out.println("Serving http://127.0.0.1:" + port);
    // The pipe closes even when the process that started this one is killed: no server is left over.
    System.in.transferTo(OutputStream.nullOutputStream());
    jetty.stop();
  }

  private static void add(ServletContextHandler handler, String path, Class<?> config) {
    // Never closed: it lives as long as this process, and its data are in memory.
    var context = new AnnotationConfigApplicationContext(config);
    var servlet = new ServletHolder(context.getBean(RestfulServer.class));
    synchronized (handler) {
      handler.addServlet(servlet, "/" + path + "/fhir/*");
    }
  }
}
