import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.net.InetSocketAddress;

/** Starts the server: {@code --bind ADDRESS --port PORT [--file FILE]}; port 0 takes a free one, no file keeps nothing. */
public final class Launcher {
  private static final int USAGE = 64;

  private Launcher() {}

  public static void main(String[] arguments) {
    String address = "127.0.0.1";
    int port = 27017;
    String file = null;
    for (int i = 0; i < arguments.length; i += 2) {
      if (i + 1 == arguments.length) {
        refuse(arguments[i] + " needs a value");
      }
      switch (arguments[i]) {
        case "--bind" -> address = arguments[i + 1];
        case "--port" -> port = number(arguments[i + 1]);
        case "--file" -> file = arguments[i + 1];
        default -> refuse("no option " + arguments[i] + "; there are --bind, --port and --file");
      }
    }
    MongoServer server = new MongoServer(file == null ? H2Backend.inMemory() : new H2Backend(file));
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    server.bind(address, port);
    InetSocketAddress bound = server.getLocalAddress();
    System.out.println("listening on " + bound.getAddress().getHostAddress() + ":" + bound.getPort());
  }

  private static int number(String text) {
    try {
      int port = Integer.parseInt(text);
      if (port >= 0 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      // Refused below, as a number out of range is.
    }
    refuse("--port " + text + " is not a number from 0 to 65535");
    return -1;
  }

  private static void refuse(String why) {
    System.err.println("mongo-java-server: " + why);
    System.exit(USAGE);
  }
}
