import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.felix.framework.Logger;
import org.apache.felix.framework.util.manifestparser.ManifestParser;
import org.osgi.framework.wiring.BundleRevision;

/**
 * What Apache Felix reads in manifests: headers come in, one a line, and a blank line behind each manifest; one line goes out for each,
 * "no" with its reason, or capabilities and requirements in order, apart by " | ".
 */
public class FelixManifests {
  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    PrintStream out = new PrintStream(System.out, true, "UTF-8");
    Map<String, Object> headers = new TreeMap<>();
    for (String line; (line = in.readLine()) != null; ) {
      if (line.isEmpty()) {
        out.println(read(headers));
        headers = new TreeMap<>();
      } else {
        int colon = line.indexOf(": ");
        headers.put(line.substring(0, colon), line.substring(colon + 2));
      }
    }
  }

  private static String read(Map<String, Object> headers) {
    TreeSet<String> found = new TreeSet<>();
    try {
      ManifestParser parser = new ManifestParser(new Logger(), new HashMap<>(), owner(), headers);
      parser.getCapabilities().forEach(one -> found.add(
          "capability " + one.getNamespace() + " " + new TreeMap<>(one.getAttributes()) + directives(one.getDirectives(), "uses", "mandatory", "effective")));
      parser.getRequirements().forEach(one -> found.add(
          "requirement " + one.getNamespace() + directives(one.getDirectives(), "filter", "resolution", "cardinality", "effective")));
      return String.join(" | ", found);
    } catch (Exception refused) {
      return "no: " + String.valueOf(refused.getMessage()).replace('\n', ' ');
    }
  }

  private static String directives(Map<String, String> all, String... wanted) {
    StringBuilder text = new StringBuilder();
    for (String name : wanted) if (all.containsKey(name)) text.append(' ').append(name).append(":=").append(all.get(name));
    return text.toString();
  }

  /** Whose they are is not looked at while they are read. */
  private static BundleRevision owner() {
    return (BundleRevision) Proxy.newProxyInstance(
        FelixManifests.class.getClassLoader(), new Class<?>[] {BundleRevision.class}, (proxy, method, arguments) -> null);
  }
}
