import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.Version;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.wiring.BundleCapability;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.framework.wiring.BundleWire;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.framework.wiring.FrameworkWiring;

/**
 * An OSGi framework (whichever is on the class path: OSGi Core 8 §4.2.2) as a target of artefacts.
 *
 * <pre>
 * java -cp FRAMEWORK.jar Framework.java capabilities            what it offers itself, with the JRE that runs it, as a definition writes it
 * java -cp FRAMEWORK.jar Framework.java run PORT BUNDLES CACHE  runs the bundles of a folder, and answers at PORT how they are wired
 * </pre>
 */
public class Framework {
  /** What of it bundles can be wired to. */
  private static final List<String> OFFERED = List.of("osgi.wiring.package", "osgi.wiring.bundle", "osgi.ee");
  /** Between two looks at the folder. */
  private static final long PAUSE_MS = 200;

  private final org.osgi.framework.launch.Framework framework;
  /** By the name of its file. */
  private final Map<String, Bundle> bundles = new TreeMap<>();
  /** What each file was when it was installed. */
  private final Map<String, String> stamps = new HashMap<>();
  /** Why one could not be installed or started, by the name of its file. */
  private final Map<String, String> faults = new HashMap<>();
  private volatile String report = "";

  private Framework(String cache) throws BundleException {
    Map<String, String> configuration = new HashMap<>();
    configuration.put(Constants.FRAMEWORK_STORAGE, cache);
    configuration.put(Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
    configuration.put("felix.service.urlhandlers", "false");
    // A framework knows the Java of its own time. This one is asked itself.
    configuration.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, String.join(",", javaPackages()));
    configuration.put(Constants.FRAMEWORK_SYSTEMCAPABILITIES_EXTRA, environment());
    framework = ServiceLoader.load(FrameworkFactory.class).iterator().next().newFramework(configuration);
    framework.init();
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("capabilities")) {
      File cache = java.nio.file.Files.createTempDirectory("osgi").toFile();
      Framework one = new Framework(cache.getPath());
      new PrintStream(System.out, true, StandardCharsets.UTF_8).println(one.capabilities());
      one.framework.stop();
      one.framework.waitForStop(0);
      try (var files = java.nio.file.Files.walk(cache.toPath())) {
        files.sorted(java.util.Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
      }
      System.exit(0);
    }
    new Framework(arguments[3]).run(Integer.parseInt(arguments[1]), new File(arguments[2]));
  }

  private void run(int port, File folder) throws Exception {
    framework.start();
    look(folder);
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 0);
    server.createContext("/", exchange -> {
      byte[] body = report.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
    for (;;) {
      Thread.sleep(PAUSE_MS);
      look(folder);
    }
  }

  /** Brings what is installed to what the folder has. */
  private void look(File folder) {
    Map<String, File> there = new TreeMap<>();
    File[] files = folder.listFiles((place, name) -> name.endsWith(".jar"));
    for (File file : files == null ? new File[0] : files) there.put(file.getName(), file);
    boolean changed = false;
    for (String name : new ArrayList<>(stamps.keySet()))
      if (!there.containsKey(name) || !stamps.get(name).equals(stamp(there.get(name)))) changed = remove(name);
    for (Map.Entry<String, File> entry : there.entrySet())
      if (!stamps.containsKey(entry.getKey())) changed = install(entry.getKey(), entry.getValue());
    if (changed || report.isEmpty()) {
      framework.adapt(FrameworkWiring.class).resolveBundles(null);
      start();
      report = report();
    }
  }

  private static String stamp(File file) {
    return file.lastModified() + " " + file.length();
  }

  private boolean install(String name, File file) {
    stamps.put(name, stamp(file));
    faults.remove(name);
    try {
      bundles.put(name, framework.getBundleContext().installBundle(file.toURI().toString()));
    } catch (BundleException | RuntimeException fault) {
      faults.put(name, String.valueOf(fault.getMessage()));
    }
    return true;
  }

  private boolean remove(String name) {
    stamps.remove(name);
    faults.remove(name);
    Bundle bundle = bundles.remove(name);
    try {
      if (bundle != null) bundle.uninstall();
      // Who has classes of it has them until then.
      var done = new java.util.concurrent.CountDownLatch(1);
      framework.adapt(FrameworkWiring.class).refreshBundles(null, event -> done.countDown());
      done.await(30, java.util.concurrent.TimeUnit.SECONDS);
    } catch (BundleException | InterruptedException fault) {
      System.err.println(name + ": " + fault.getMessage());
    }
    return true;
  }

  /** All that can: what waits for others is tried again when something has changed. */
  private void start() {
    bundles.forEach((name, bundle) -> {
      boolean isFragment = (bundle.adapt(BundleRevision.class).getTypes() & BundleRevision.TYPE_FRAGMENT) != 0;
      if (isFragment || bundle.getState() == Bundle.ACTIVE) return;
      try {
        bundle.start();
        faults.remove(name);
      } catch (BundleException | RuntimeException fault) {
        Throwable cause = fault.getCause() == null ? fault : fault.getCause();
        faults.put(name, fault.getMessage() + (cause == fault ? "" : ": " + cause));
      }
    });
  }

  private String report() {
    List<String> all = new ArrayList<>();
    for (String name : stamps.keySet()) {
      Bundle bundle = bundles.get(name);
      List<String> fields = new ArrayList<>(List.of(field("file", text(name))));
      if (bundle != null) {
        fields.add(field("state", text(stateOf(bundle))));
        BundleWiring wiring = bundle.adapt(BundleWiring.class);
        List<BundleWire> wires = wiring == null ? List.of() : wiring.getRequiredWires(null);
        fields.add(field("wires", wires.stream().map(Framework::wire).collect(Collectors.joining(",", "[", "]"))));
      }
      if (faults.containsKey(name)) fields.add(field("fault", text(faults.get(name))));
      all.add("{" + String.join(",", fields) + "}");
    }
    return "{" + field("bundles", "[" + String.join(",", all) + "]") + "}";
  }

  private static String wire(BundleWire wire) {
    BundleCapability capability = wire.getCapability();
    Bundle provider = wire.getProvider().getBundle();
    String namespace = capability.getNamespace();
    Object name = capability.getAttributes().get(namespace);
    return "{" + String.join(",", List.of(
      field("namespace", text(namespace)),
      field("name", text(name == null ? "" : name.toString())),
      field("provider", text(provider.getBundleId() == 0 ? "" : provider.getSymbolicName())),
      field("version", text(provider.getVersion().toString())))) + "}";
  }

  private static String stateOf(Bundle bundle) {
    switch (bundle.getState()) {
      case Bundle.ACTIVE: return "active";
      case Bundle.STARTING: return "active";
      case Bundle.RESOLVED: return "resolved";
      default: return "installed";
    }
  }

  /** Packages of Java SE that the JRE has, but for those that every bundle has anyway. */
  private static Collection<String> javaPackages() {
    return ModuleLayer.boot().modules().stream()
      .filter(module -> module.getName().startsWith("java."))
      .flatMap(module -> module.getDescriptor().exports().stream())
      .filter(export -> !export.isQualified() && !export.source().startsWith("java."))
      .map(export -> export.source())
      .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Java SE of the JRE and before it (OSGi Core 8 §3.4). */
  private static String environment() {
    String versions = IntStream.rangeClosed(0, 8).mapToObj(minor -> "1." + minor).collect(Collectors.joining(","))
      + IntStream.rangeClosed(9, Runtime.version().feature()).mapToObj(major -> "," + major).collect(Collectors.joining());
    return "osgi.ee;osgi.ee=JavaSE;version:List<Version>=\"" + versions + "\"";
  }

  private String capabilities() {
    return framework.adapt(BundleRevision.class).getDeclaredCapabilities(null).stream()
      .filter(one -> OFFERED.contains(one.getNamespace()))
      .map(Framework::capability)
      .collect(Collectors.joining(",\n", "[", "]"));
  }

  private static String capability(BundleCapability capability) {
    List<String> attributes = new ArrayList<>();
    new TreeMap<>(capability.getAttributes()).forEach((name, value) -> attributes.add(attribute(name, value)));
    List<String> fields = new ArrayList<>(List.of(
      field("namespace", text(capability.getNamespace())),
      field("attributes", "{" + String.join(",", attributes) + "}")));
    String uses = capability.getDirectives().get(Constants.USES_DIRECTIVE);
    if (uses != null)
      fields.add(field("uses", Arrays.stream(uses.split(",")).map(name -> text(name.trim())).collect(Collectors.joining(",", "[", "]"))));
    return "{" + String.join(",", fields) + "}";
  }

  private static String attribute(String name, Object value) {
    if (value instanceof Version) return field(name.equals("version") ? name : name + ":Version", text(value.toString()));
    if (value instanceof Object[]) return attribute(name, Arrays.asList((Object[]) value));
    if (value instanceof Collection) {
      Collection<?> all = (Collection<?>) value;
      boolean versions = all.stream().allMatch(one -> one instanceof Version);
      String list = all.stream().map(one -> text(one.toString())).collect(Collectors.joining(",", "[", "]"));
      return field(name + (versions ? ":List<Version>" : ":List<String>"), list);
    }
    if (value instanceof Number || value instanceof Boolean) return field(name, value.toString());
    return field(name, text(value.toString()));
  }

  private static String field(String name, String value) {
    return text(name) + ":" + value;
  }

  private static String text(String value) {
    StringBuilder written = new StringBuilder("\"");
    for (char one : value.toCharArray())
      if (one == '"' || one == '\\') written.append('\\').append(one);
      else if (one < 0x20) written.append(String.format("\\u%04x", (int) one));
      else written.append(one);
    return written.append('"').toString();
  }
}
